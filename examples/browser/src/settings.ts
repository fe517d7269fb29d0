// What both pages tell the SDK. Vite fills in the variables of the environment.
const { VITE_API_DOMAIN, VITE_BACKEND_DOMAIN, VITE_SESSION_DOMAIN } = import.meta.env;

/** Sever: `ApiDomain` of the stack. */
export const apiDomain: string = VITE_API_DOMAIN ?? "http://127.0.0.1:3000";

/** Your own backend, which opens the sessions. Here it is beside the website. */
export const backendDomain: string = VITE_BACKEND_DOMAIN ?? location.origin;

export const appInfo = {
  appName: "Sever in a browser",
  apiDomain,
  apiBasePath: "/auth",
  websiteDomain: location.origin,
};

const transfer = new URLSearchParams(location.search).get("transfer");

export const sessionSettings = {
  /** `cookie`: scripts never see a token. `header`: for where cookies do not reach. */
  tokenTransferMethod: transfer === "header" ? ("header" as const) : ("cookie" as const),
  /** The domain above backend and Sever when their host names differ, such as `.example.com`. */
  sessionTokenBackendDomain: VITE_SESSION_DOMAIN as string | undefined,
};

/** The backend's answer to a POST. The SDK adds its headers, and takes the tokens from the answer. */
export async function post(path: string, body = {}): Promise<Response> {
  return fetch(backendDomain + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
