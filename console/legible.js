// Text from outside as a person may read it. Clients choose their User-Agent and often their user id: a character without a
// shape could turn a sentence around, or make one id look like another.

// Control and format characters, those that are ignored or for private use, spaces other than the plain one, an empty
// pattern of dots. `sever` shows the same ones in the same way (sever/src/legible.rs); a test compares the two.
const WITHOUT_SHAPE = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Each character without a shape is shown as its number, such as "<U+202E>". */
export function legible(text) {
  return text.replace(WITHOUT_SHAPE, (found) => {
    const number = found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `<U+${number}>`;
  });
}

const [OPEN, CLOSE] = ["\u2068", "\u2069"];

/** The same within a sentence: letters that are written from right to left leave what stands around them in place. */
export const isolated = (text) => `${OPEN}${legible(text)}${CLOSE}`;

/** A sentence in parts: what stands at an odd place was {@link isolated}. */
export const parts = (sentence) => sentence.split(/[\u2068\u2069]/);

/** Whether somebody can type `text` after having read it. */
export const canBeTyped = (text) =>
  legible(text) === text && text.length <= 64 && text.trim() === text && !text.includes("  ");
