package plan

// Scope is what systemd is told of a container's scope, besides its name (systemd.scope(5),
// systemd.resource-control(5)).
type Scope struct {
	// After are units that the scope is stopped before when the host goes down.
	After   []string      `json:"after"`
	Devices []DeviceAllow `json:"device_allow"`
	// Limits in bytes, Infinity for none; nil leaves systemd's default.
	MemoryMax     *uint64 `json:"memory_max,omitempty"`
	MemoryHigh    *uint64 `json:"memory_high,omitempty"`
	MemorySwapMax *uint64 `json:"memory_swap_max,omitempty"`
}

// Infinity is "no limit" in bytes.
const Infinity = ^uint64(0)

// DeviceAllow is one DeviceAllow= entry: a path, or a group such as char-pts, and any of r, w, m.
type DeviceAllow struct {
	Path   string `json:"path"`
	Access string `json:"access"`
}
