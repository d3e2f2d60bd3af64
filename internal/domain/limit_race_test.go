//go:build race

package domain

import "time"

// limit has room for the race detector.
const limit = time.Second
