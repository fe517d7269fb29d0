import cors from "cors";
import express from "express";
import supertokens from "supertokens-node";
import { errorHandler, middleware } from "supertokens-node/framework/express";
import Session from "supertokens-node/recipe/session";
import { verifySession } from "supertokens-node/recipe/session/framework/express";

const port = Number(process.env.PORT ?? 3001);
const websiteDomain = "http://127.0.0.1:8080";

supertokens.init({
  framework: "express",
  supertokens: {
    connectionURI: process.env.SEVER_CORE ?? "http://127.0.0.1:3000/core",
    apiKey: process.env.SEVER_API_KEY,
  },
  appInfo: { appName: "Express on Sever", apiDomain: `http://127.0.0.1:${port}`, websiteDomain },
  recipeList: [Session.init()],
});

const app = express();
app.use(
  cors({
    origin: websiteDomain,
    allowedHeaders: ["content-type", ...supertokens.getAllCORSHeaders()],
    credentials: true,
  }),
);
app.use(middleware()); // POST /auth/session/refresh and POST /auth/signout
app.use(express.json());

// A demonstration: it believes whoever asks. Check a password here.
app.post("/login", async (req, res) => {
  const userId = req.body?.userId;
  if (typeof userId !== "string" || !userId) return res.status(400).json({ message: "userId is missing" });
  const session = await Session.createNewSession(req, res, "public", supertokens.convertToRecipeUserId(userId));
  res.json({ userId, sessionHandle: session.getHandle() });
});

// Refuses a revoked session on its very next request.
app.get("/me", verifySession({ checkDatabase: true }), (req, res) => {
  res.json({ userId: req.session.getUserId(), sessionHandle: req.session.getHandle() });
});

app.post("/logout", verifySession({ checkDatabase: true }), async (req, res) => {
  await req.session.revokeSession();
  res.json({ status: "OK" });
});

app.post("/logout-everywhere", verifySession({ checkDatabase: true }), async (req, res) => {
  const revoked = await Session.revokeAllSessionsForUser(req.session.getUserId());
  res.json({ status: "OK", revoked });
});

app.use(errorHandler());
app.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
