// Package client calls org.berth1 on the system bus, with types instead of variants.
//
// It owns one private connection per Client and decides nothing: every method is one D-Bus call.
// A call sets no deadline of its own, since a start or a stop takes as long as it takes; it ends
// with its context. Every call allows interactive authorization, so that polkit may ask the user, unless AskBy or
// AskNobody says otherwise.
// What berthd or the bus refuses comes back as *Error.
package client
