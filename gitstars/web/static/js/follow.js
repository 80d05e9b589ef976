// The dialog that follows repositories and owners, and lists what is followed.

import { call, get, post } from "./api.js";
import { $, make, refill } from "./dom.js";
import { number } from "./format.js";

/** `attempt` runs an action and tells what went wrong, `tell` says what went well. */
export function offerFollowing(attempt, tell) {
  const dialog = $("follows");
  const name = $("follow-name");

  async function show() {
    const { follows } = await get("/follow");
    refill($("followed"), follows.map(({ name: followed, kind, repositories }) => {
      const text = kind === "owner" ? `${followed} (${repositories === 1 ? "1 repository" : `${number(repositories)} repositories`})` : followed;
      const end = make("button", { type: "button", "data-key": followed, "aria-label": `Unfollow ${followed}` }, "Unfollow");
      return make("li", {}, make("span", {}, text), end);
    }));
  }

  $("follow").addEventListener("click", () => {
    name.value = "";
    dialog.showModal();
    attempt(show);
  });
  $("follow-cancel").addEventListener("click", () => dialog.close());
  $("followed").addEventListener("click", ({ target }) => {
    const followed = target.dataset.key;
    if (!followed) return;
    attempt(async () => {
      await call("DELETE", `/follow?name=${encodeURIComponent(followed)}`);
      tell(`${followed} is followed no more; what is stored stays.`);
      await show();
      name.focus();
    });
  });
  $("follow-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await attempt(async () => {
      const done = await post("/follow", { name: read(name.value) });
      name.value = "";
      tell(`${done.name} ${done.is_new ? "is followed" : "was followed already"}, with the account of ${done.login}.`);
      await show();
    });
  });
}

/** `owner/name`, or an owner, of an address; anything else as it is. */
function read(text) {
  const page = text.trim().match(/^(?:https?:\/\/)?(?:www\.)?github\.com\/([^/?#]+)(?:\/([^/?#]+))?/i);
  return page ? [page[1], page[2]?.replace(/\.git$/, "")].filter(Boolean).join("/") : text.trim();
}
