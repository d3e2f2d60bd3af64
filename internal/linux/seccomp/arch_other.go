//go:build !amd64 && !arm64

package seccomp

// abis returns nil: there is no filter for this architecture.
func abis() []abi { return nil }
