/** A certificate for "probe.test" that nobody trusts and that is out of date, and its key: worth nothing to anybody. */
export const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHVTeTlqzcocOaXWf
AorP6fUbnjqOuEdGN4iCk/e42nWhRANCAASgXSgt2E/LJPQ/vtJr1wmtjptFjOg4
rhqtw8aY9h2QplxK/69Sxkvn9MyrqpvJylwDTla1P7AqqzwzlBlfA9Ax
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUeG4emxkLtJdACPvDeER9X92Svl0wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKcHJvYmUudGVzdDAeFw0yNjExMjQwODQwNDlaFw0yNjExMjUw
ODQwNDlaMBUxEzARBgNVBAMMCnByb2JlLnRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASgXSgt2E/LJPQ/vtJr1wmtjptFjOg4rhqtw8aY9h2QplxK/69Sxkvn
9MyrqpvJylwDTla1P7AqqzwzlBlfA9Axo1MwUTAdBgNVHQ4EFgQU7tFfdbjSUH6P
C2W0bYm7rML4rtcwHwYDVR0jBBgwFoAU7tFfdbjSUH6PC2W0bYm7rML4rtcwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAPK90CfoW6UJl36tEAjien
1Y2TRlA2KLMa0Af+Bjp5lgIgMK6i87Tj9Ot61Me2u13S0TZVUkIMxcFedGUdxt9e
ABM=
-----END CERTIFICATE-----`,
};
