// Package poweroff tests what the host's shutdown does to containers. The tests run outside of the host that they
// power off, so they cannot be among those of test/nest.
package poweroff
