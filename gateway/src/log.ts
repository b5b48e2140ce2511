/** The part of a logger that the gateway uses: fields, then the event's name. */
export type Log = {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
};
