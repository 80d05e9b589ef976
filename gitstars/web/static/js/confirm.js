// One dialog that asks before something is done.

import { $, setText } from "./dom.js";

/** Ask; resolves to null, or to {force} when it was confirmed. `offerForce` shows the check box; Enter confirms, unless it is a `danger`. */
export function confirm({ title, text, action, offerForce = false, danger = false }) {
  const dialog = $("confirm");
  setText($("confirm-title"), title);
  setText($("confirm-text"), text);
  setText($("confirm-ok"), action);
  $("force-label").hidden = !offerForce;
  $("force").checked = false;
  dialog.returnValue = "cancel";
  dialog.showModal();
  $(danger ? "confirm-cancel" : "confirm-ok").focus();
  $("confirm-cancel").onclick = () => dialog.close("cancel");
  return new Promise((resolve) => {
    // The event of an earlier closing may come late, when the dialog asks again.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "ok" ? { force: $("force").checked } : null);
  });
}
