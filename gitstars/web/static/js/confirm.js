// One dialog that asks before something is done.

import { $, setText } from "./dom.js";

/** Ask; resolves to null, or to {force} when it was confirmed. `offerForce` shows the check box. */
export function confirm({ title, text, action, offerForce = false }) {
  const dialog = $("confirm");
  setText($("confirm-title"), title);
  setText($("confirm-text"), text);
  setText($("confirm-ok"), action);
  $("force-label").hidden = !offerForce;
  $("force").checked = false;
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? { force: $("force").checked } : null), { once: true });
  });
}
