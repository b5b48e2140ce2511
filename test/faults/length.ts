/** Whether the long versions run: `npm run test:faults` and `npm run test:load` ask for them. */
export const LONG = process.env["MEDV_TEST_LENGTH"] === "long";
