// Sign in, call protected routes, sign out: with supertokens-web-js, unchanged.
import SuperTokens from "supertokens-web-js";
import Session from "supertokens-web-js/recipe/session";
import { apiDomain, appInfo, post, sessionSettings } from "./settings";

SuperTokens.init({
  appInfo,
  recipeList: [
    Session.init({
      ...sessionSettings,
      // SESSION_CREATED, REFRESH_SESSION, SIGN_OUT, and UNAUTHORISED when the session was ended from elsewhere.
      onHandleEvent: ({ action }) => {
        note("event", action);
        void show();
      },
    }),
  ],
});

const element = (id: string) => document.getElementById(id)!;

function note(kind: string, text: string) {
  const line = document.createElement("li");
  line.className = kind;
  line.textContent = text;
  element("log").append(line);
}

async function show() {
  const signedIn = await Session.doesSessionExist();
  element("session").textContent = signedIn
    ? JSON.stringify(
        { userId: await Session.getUserId(), payload: await Session.getAccessTokenPayloadSecurely() },
        null,
        2,
      )
    : "none";
  document.body.dataset.session = signedIn ? "exists" : "none";
}

function onClick(id: string, act: () => Promise<Response | void>) {
  element(id).addEventListener("click", async () => {
    try {
      const response = await act();
      if (response) note("answer", `${response.status} ${await response.text()}`);
    } catch (error) {
      note("error", String(error));
    }
    await show();
  });
}

const userId = () => (element("user-id") as HTMLInputElement).value;

// Plain fetch: the SDK sends the tokens along, and on a 401 refreshes and calls again.
onClick("sign-in", () => post("/login", { userId: userId() }));
onClick("strict", () => fetch(`${apiDomain}/whoami`));
onClick("fast", () => fetch(`${apiDomain}/whoami/fast`));
onClick("sign-out-elsewhere", () => post("/sign-out-elsewhere"));
onClick("sign-out", () => Session.signOut());

// To try things in the browser's console.
Object.assign(window, { Session });

await show();
