import os

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel, Field
from supertokens_python import InputAppInfo, SupertokensConfig, get_all_cors_headers, init
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe import session
from supertokens_python.recipe.session import SessionContainer
from supertokens_python.recipe.session.asyncio import create_new_session, revoke_all_sessions_for_user
from supertokens_python.recipe.session.framework.fastapi import verify_session
from supertokens_python.types import RecipeUserId

PORT = int(os.environ.get("PORT", "3002"))
WEBSITE_DOMAIN = "http://127.0.0.1:8080"

init(
    framework="fastapi",
    mode="asgi",
    supertokens_config=SupertokensConfig(
        connection_uri=os.environ.get("SEVER_CORE", "http://127.0.0.1:3000/core"),
        api_key=os.environ.get("SEVER_API_KEY"),
    ),
    app_info=InputAppInfo(
        app_name="FastAPI on Sever",
        api_domain=f"http://127.0.0.1:{PORT}",
        website_domain=WEBSITE_DOMAIN,
    ),
    recipe_list=[session.init()],
)

app = FastAPI()
app.add_middleware(get_middleware())  # POST /auth/session/refresh and POST /auth/signout
app.add_middleware(
    CORSMiddleware,
    allow_origins=[WEBSITE_DOMAIN],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["content-type", *get_all_cors_headers()],
)

# Refuses a revoked session on its very next request.
strict = Depends(verify_session(check_database=True))


class Login(BaseModel):
    user_id: str = Field(alias="userId", min_length=1)


@app.post("/login")
async def login(request: Request, body: Login):
    """A demonstration: it believes whoever asks. Check a password here."""
    created = await create_new_session(request, "public", RecipeUserId(body.user_id))
    return {"userId": body.user_id, "sessionHandle": created.get_handle()}


@app.get("/me")
async def me(current: SessionContainer = strict):
    return {"userId": current.get_user_id(), "sessionHandle": current.get_handle()}


@app.post("/logout")
async def logout(current: SessionContainer = strict):
    await current.revoke_session()
    return {"status": "OK"}


@app.post("/logout-everywhere")
async def logout_everywhere(current: SessionContainer = strict):
    revoked = await revoke_all_sessions_for_user(current.get_user_id())
    return {"status": "OK", "revoked": revoked}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT)
