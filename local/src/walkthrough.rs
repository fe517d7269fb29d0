//! What `cargo run` prints: commands that open a session, use it, end it and see it refused.

/// The walk-through for a bundle on `port` whose table is called `table`. Its last line says that the
/// bundle is ready.
#[must_use]
pub fn text(port: u16, table: &str) -> String {
    let base = format!("http://127.0.0.1:{port}");
    format!(
        r#"Sever, on this machine. Paste this into another terminal:

  echo "1. Open a session, as your backend does after its own login. Admin routes take requests signed for AWS."
  session=$(curl -s --aws-sigv4 "aws:amz:us-east-1:execute-api" --user local:local \
    -H 'content-type: application/json' -d '{{"userId":"ada"}}' {base}/create-session)
  handle=$(printf '%s' "$session" | sed 's/.*"handle":"\([^"]*\)".*/\1/')
  token=$(printf '%s' "$session" | sed 's/.*"accessToken":{{[^}}]*"token":"\([^"]*\)".*/\1/')

  echo "2. Call a protected route: /whoami checks the table, /whoami/fast checks only the token."
  curl -s -w '\n%{{http_code}}\n' -H "authorization: Bearer $token" {base}/whoami
  curl -s -w '\n%{{http_code}}\n' -H "authorization: Bearer $token" {base}/whoami/fast

  echo "3. Revoke the session."
  curl -s -w '\n%{{http_code}}\n' --aws-sigv4 "aws:amz:us-east-1:execute-api" --user local:local \
    -H 'content-type: application/json' -d "{{\"sessionHandle\":\"$handle\"}}" {base}/revoke-handle

  echo "4. It is refused at once: 401. /whoami/fast would still answer 200, until the token expires."
  curl -s -w '\n%{{http_code}}\n' -H "authorization: Bearer $token" {base}/whoami

  echo "5. The same from the operator's command line, which works on the table itself."
  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1
  export AWS_ENDPOINT_URL={base} SEVER_TABLE={table}
  cargo run -q -p sever -- sessions list --user ada
  cargo run -q -p sever -- users revoke ada --dry-run

In a browser: {base}/ shows the life of a session, {base}/console/ ends sessions.
The SuperTokens backend SDKs work against it too: connectionURI {base}/core. See examples.

Sever is listening on {base}
"#
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_line_names_the_real_port() {
        let text = super::text(4242, "t");
        assert_eq!(text.lines().last(), Some("Sever is listening on http://127.0.0.1:4242"));
        assert!(!text.contains("3000"));
    }
}
