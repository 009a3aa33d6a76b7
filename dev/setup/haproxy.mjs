// Owns which of Debian's packages bring the tests an HAProxy.
// Must not know what the tests do with it.
// @ts-check

/** HAProxy and the libraries of it that a bare Debian may lack. @type {import("./unpack.mjs").Unpacked} */
export const haproxy = {
  name: "haproxy",
  program: "usr/sbin/haproxy",
  packages: ["haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1", "libpcre2-8-0"],
  loses: "The tests of the ingress",
};
