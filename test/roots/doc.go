// Package roots tests docs/getting-started.md and the definitions in examples/: each container starts from a root
// directory that its own tool has made. The script build makes those that need the network, and keeps them.
//
//	go test -count=1 -tags nest ./test/roots     as root
package roots
