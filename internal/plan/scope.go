package plan

// Scope holds the properties of a container's scope (systemd.scope(5), systemd.resource-control(5)).
type Scope struct {
	// After lists units. When the host shuts down, systemd stops the scope before them.
	After   []string      `json:"after"`
	Devices []DeviceAllow `json:"device_allow"`
	// The limits are in bytes. Infinity means no limit, and nil means systemd's default.
	MemoryMax     *uint64 `json:"memory_max,omitempty"`
	MemoryHigh    *uint64 `json:"memory_high,omitempty"`
	MemorySwapMax *uint64 `json:"memory_swap_max,omitempty"`
}

// Infinity means "no limit" for a number of bytes.
const Infinity = ^uint64(0)

// DeviceAllow is one entry of DeviceAllow=. Path is a path or a group such as char-pts. Access has any
// of the letters r, w and m.
type DeviceAllow struct {
	Path   string `json:"path"`
	Access string `json:"access"`
}
