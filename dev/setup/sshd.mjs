// Owns which of Debian's packages bring the tests an sshd.
// Must not know what the tests do with it.
// @ts-check

/** sshd, the one library of it that a Debian without it lacks, and accounts from a file (nss_wrapper). @type {import("./unpack.mjs").Unpacked} */
export const sshd = {
  name: "sshd",
  program: "usr/sbin/sshd",
  packages: ["openssh-server", "libwrap0", "libnss-wrapper"],
  loses: "The tests over ssh",
};
