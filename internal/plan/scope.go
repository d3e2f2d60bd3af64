package plan

// Scope holds the properties of a container's scope (systemd.scope(5)).
type Scope struct {
	// After lists units. When the host shuts down, systemd stops the scope before them.
	After   []string      `json:"after"`
	Devices []DeviceAllow `json:"device_allow"`
	Resources
}

// Resources are the limits, weights and bindings of a scope (systemd.resource-control(5)). A pointer that is nil and an
// empty list mean systemd's default.
type Resources struct {
	// The limits and protections of memory are in bytes. Infinity means no limit.
	MemoryMax     *uint64 `json:"memory_max,omitempty"`
	MemoryHigh    *uint64 `json:"memory_high,omitempty"`
	MemorySwapMax *uint64 `json:"memory_swap_max,omitempty"`
	MemoryLow     *uint64 `json:"memory_low,omitempty"`
	MemoryMin     *uint64 `json:"memory_min,omitempty"`
	// A weight of 0 means that the container gets the processor time that nobody else wants.
	CPUWeight      *uint64 `json:"cpu_weight,omitempty"`
	CPUQuotaPerSec *uint64 `json:"cpu_quota_per_sec_usec,omitempty"`
	CPUQuotaPeriod *uint64 `json:"cpu_quota_period_usec,omitempty"`
	AllowedCPUs    []int   `json:"allowed_cpus,omitempty"`
	AllowedNodes   []int   `json:"allowed_memory_nodes,omitempty"`
	TasksMax       *uint64 `json:"tasks_max,omitempty"` // nil means systemd-machined's limit

	IOWeight       *uint64        `json:"io_weight,omitempty"`
	IODeviceWeight []DeviceFigure `json:"io_device_weight,omitempty"`
	IOReadBPS      []DeviceFigure `json:"io_read_bandwidth_max,omitempty"`
	IOWriteBPS     []DeviceFigure `json:"io_write_bandwidth_max,omitempty"`
	IOReadIOPS     []DeviceFigure `json:"io_read_iops_max,omitempty"`
	IOWriteIOPS    []DeviceFigure `json:"io_write_iops_max,omitempty"`
	IOLatency      []DeviceFigure `json:"io_device_latency_target_usec,omitempty"`
}

// Infinity means "no limit" for a number of bytes.
const Infinity = ^uint64(0)

// DeviceAllow is one entry of DeviceAllow=. Path is a path or a group such as char-pts. Access has any
// of the letters r, w and m.
type DeviceAllow struct {
	Path   string `json:"path"`
	Access string `json:"access"`
}

// DeviceFigure is a weight or limit for one block device of the host.
type DeviceFigure struct {
	Path   string `json:"path"`
	Figure uint64 `json:"figure"`
}
