// The dialog that signs a person in: with a token, or on GitHub's page.

import { post } from "./api.js";
import { $, make } from "./dom.js";

/** What came of it, by the state that the server answers. */
const OUTCOMES = {
  new: (login) => `${login} is signed in; what ${login} starred is listed now.`,
  renewed: (login) => `${login} has this token now.`,
  web: (login) => `The web application keeps the account of ${login}, which stays as it is.`,
};

/** `attempt` runs an action and tells what went wrong, `tell` says what went well. */
export function offerAccount(attempt, tell) {
  const dialog = $("account");
  const token = $("token");
  /** Counts the times that it was opened: a sign-in of an earlier time is not waited for any more. */
  let opened = 0;

  function clear() {
    opened += 1;
    token.value = "";
    $("login-code").hidden = true;
    $("login-code").replaceChildren();
    $("login-page").disabled = false;
  }

  function finish({ login, state }) {
    dialog.close();
    tell(OUTCOMES[state](login));
  }

  async function signIn() {
    clear();
    const mine = opened;
    $("login-page").disabled = true;
    try {
      const begun = await post("/accounts/login");
      if (mine !== opened) return;
      showCode(begun);
      let pause = begun.interval_seconds;
      for (;;) {
        await new Promise((wake) => setTimeout(wake, pause * 1000));
        if (mine !== opened) return;
        const told = await post("/accounts/login/finish", { device_code: begun.device_code });
        if (mine !== opened) return;
        if (told.signed_in) return finish(told.signed_in);
        pause += told.slower_seconds;
      }
    } finally {
      if (mine === opened) clear();
    }
  }

  $("add-account").addEventListener("click", () => {
    clear();
    dialog.showModal();
  });
  $("account-cancel").addEventListener("click", () => dialog.close());
  // However it is closed, the token does not stay in the page.
  dialog.addEventListener("close", clear);
  $("login-page").addEventListener("click", () => attempt(signIn));
  $("account-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await attempt(async () => finish(await post("/accounts", { token: token.value })));
  });
}

function showCode({ verification_uri: address, user_code: code }) {
  const link = make("a", { href: address, target: "_blank", rel: "noreferrer" }, address);
  $("login-code").replaceChildren("Open ", link, " and enter the code ", make("b", {}, code), ". This page waits for it.");
  $("login-code").hidden = false;
}
