// The version of this Headgate, as every part of it says it. A test compares it with package.json.
export const version = "0.1.0";
