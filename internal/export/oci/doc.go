// Package oci makes the configuration of an OCI bundle of a container, for runc(8), crun(1) and their like.
//
// The types are those of the OCI runtime specification. What a bundle cannot say is a warning, never left out in
// silence. Where a runtime would do something weaker in its place (another user, no user namespace), the export fails.
// The package is pure.
package oci
