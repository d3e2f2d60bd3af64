// Package contract is what Berth promises on the bus: its name, objects, interfaces (the introspection
// XML), polkit actions and errors, and the policy of the bus.
//
// Both sides import it, the daemon's front (dbusapi) and berthctl (internal/client). It is pure, and
// the files that are installed are the ones that are embedded here. A test compares the two.
package contract
