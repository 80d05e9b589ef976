// The dialog that signs a person in with a token.

import { post } from "./api.js";
import { $ } from "./dom.js";

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
  $("add-account").addEventListener("click", () => {
    token.value = "";
    dialog.showModal();
  });
  $("account-cancel").addEventListener("click", () => dialog.close());
  // However it is closed, the token does not stay in the page.
  dialog.addEventListener("close", () => (token.value = ""));
  $("account-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await attempt(async () => {
      const { login, state } = await post("/accounts", { token: token.value });
      dialog.close();
      tell(OUTCOMES[state](login));
    });
  });
}
