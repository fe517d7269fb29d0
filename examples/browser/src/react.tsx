// The same with supertokens-auth-react: what is signed in, and what is shown when the session ends from elsewhere.
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import SuperTokens, { SuperTokensWrapper } from "supertokens-auth-react";
import Session, { SessionAuth, signOut, useSessionContext } from "supertokens-auth-react/recipe/session";
import { apiDomain, appInfo, post, sessionSettings } from "./settings";

SuperTokens.init({ appInfo, recipeList: [Session.init(sessionSettings)] });

function App() {
  const session = useSessionContext();
  const [endings, setEndings] = useState<string[]>([]);
  if (session.loading) return null;

  // Called when the session was ended from elsewhere, or its time was over; not on sign-out.
  function onSessionExpired() {
    setEndings((known) => [...known, new Date().toLocaleTimeString()]);
  }
  return (
    <>
      {endings.map((time, index) => (
        <p role="alert" key={index}>
          Your session was ended at {time}.
        </p>
      ))}
      {session.doesSessionExist ? (
        <SessionAuth onSessionExpired={onSessionExpired}>
          <Account />
        </SessionAuth>
      ) : (
        <SignIn />
      )}
    </>
  );
}

function Account() {
  const session = useSessionContext();
  const [answer, setAnswer] = useState("");
  if (session.loading) return null;

  async function callStrict() {
    const response = await fetch(`${apiDomain}/whoami`);
    setAnswer(`${response.status} ${await response.text()}`);
  }
  return (
    <>
      <p id="user">{session.userId}</p>
      <pre id="payload">{JSON.stringify(session.accessTokenPayload, null, 2)}</pre>
      <button id="strict" onClick={callStrict}>
        Call /whoami
      </button>
      <button id="sign-out" onClick={() => signOut()}>
        Sign out
      </button>
      <pre id="answer">{answer}</pre>
    </>
  );
}

function SignIn() {
  const [userId, setUserId] = useState("ada");
  return (
    <>
      <input id="user-id" value={userId} onChange={(event) => setUserId(event.target.value)} />
      <button id="sign-in" onClick={() => post("/login", { userId })}>
        Sign in
      </button>
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <SuperTokensWrapper>
      <App />
    </SuperTokensWrapper>
  </StrictMode>,
);
