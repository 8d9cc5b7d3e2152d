/** What tabs and the broker (broker-entry.ts) say to each other. */

/** What a tab sends to the broker. */
export type ToBroker =
  | { readonly iam: string }
  | { readonly to: string; readonly from: string; readonly port: MessagePort }
  | { readonly bye: string }

/** What the broker sends to a tab: a port from another tab, or that the wanted tab is not known here. */
export type FromBroker = { readonly from: string; readonly port: MessagePort } | { readonly unknown: string }
