//go:build !race

package domain

import "time"

const limit = 100 * time.Millisecond
