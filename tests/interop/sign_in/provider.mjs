// Someone else's OpenID provider: `oidc-provider` with one client and whoever comes.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

/// Starts it on loopback. `people` are claims by login; any password will do, since what is tried
/// here is the gateway. Gives back its issuer, what it has signed ID tokens with, and how to stop
/// it.
export async function openProvider(Provider, { client, secret, redirect, people }) {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signing = privateKey.export({ format: "jwk" });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client,
        client_secret: secret,
        redirect_uris: [redirect],
        id_token_signed_response_alg: "RS256",
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    jwks: { keys: [{ ...signing, use: "sig", alg: "RS256", kid: "one" }] },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 60, IdToken: 60 },
    acrValues: ["1", "2"],
    claims: { openid: ["sub"], profile: ["pinfl", "name"], acr: null, auth_time: null },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(16).toString("hex")] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true, methods: ["S256"] },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
    async loadExistingGrant(context) {
      const { client, session } = context.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  const algorithms = new Set();
  provider.on("grant.success", ({ body }) => {
    const [header] = body.id_token.split(".");
    algorithms.add(JSON.parse(Buffer.from(header, "base64url")).alg);
  });
  const callback = provider.callback();
  server.on("request", (request, response) => {
    if (request.url.startsWith("/interaction/")) {
      interact(provider, request, response).catch((error) => {
        response.writeHead(500);
        response.end(String(error));
      });
    } else {
      callback(request, response);
    }
  });
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      // The gateway keeps its connections for the next sign-in.
      server.closeAllConnections();
    });
  return { issuer, algorithms: () => [...algorithms], stop };
}

async function interact(provider, request, response) {
  await provider.interactionDetails(request, response);
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><title>Sign in</title><form method="post">
      <input name="login"><input name="password" type="password"><button name="do" value="in">In</button>
      <button name="do" value="cancel">Cancel</button></form>`);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const result =
    form.get("do") === "cancel"
      ? { error: "access_denied", error_description: "the person said no" }
      : { login: { accountId: form.get("login"), acr: "2", amr: ["pwd"] }, consent: {} };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
