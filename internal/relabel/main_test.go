//go:build !nest

package relabel

import "testing"

func runTests(m *testing.M) int { return m.Run() }
