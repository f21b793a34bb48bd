/** Serial numbers of certificates, as they are compared. Loads nothing. */

/** A serial number in lower-case hexadecimal digits, without zeros in front and colons between, however it was shown. */
export function plainSerial(serial: string): string {
  return serial
    .replaceAll(":", "")
    .toLowerCase()
    .replace(/^0+(?=.)/, "");
}
