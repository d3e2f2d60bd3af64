//go:build !amd64 && !arm64

package seccomp

// abis are none: there is no filter for this architecture.
func abis() []abi { return nil }
