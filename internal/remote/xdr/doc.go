// Package xdr reads and writes the values of libvirt's remote protocol: XDR (RFC 4506), with that protocol's own bounds
// and its wide characters. It is pure.
//
// A Decoder is a cursor over the bytes of one packet. Its first error stays, so that whoever reads a list of arguments
// looks at it once, at the end. Nothing is allocated for a length before that was compared with its bound and with the
// bytes that are left. An Encoder appends, as much as clients take.
package xdr
