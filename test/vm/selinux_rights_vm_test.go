//go:build vm

package vm

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// allowed asks the kernel whether its policy gives a domain a permission, as libselinux's security_compute_av(3) does.
func allowed(t *testing.T, subject, object, class, permission string) bool {
	t.Helper()
	const selinuxfs = "/sys/fs/selinux/"
	value := func(path string) (n uint32) {
		text, err := os.ReadFile(selinuxfs + "class/" + class + "/" + path)
		if err == nil {
			_, err = fmt.Sscan(string(text), &n)
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	file, err := os.OpenFile(selinuxfs+"access", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	role := "object_r"
	if strings.HasPrefix(class, "capability") || class == "process" || class == "bpf" || strings.HasSuffix(class, "_socket") {
		role = "system_r"
	}
	if _, err := fmt.Fprintf(file, "system_u:system_r:%s:s0 system_u:%s:%s:s0 %d", subject, role, object, value("index")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 256)
	n, err := file.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	var vector uint32
	if _, err := fmt.Sscanf(string(answer[:n]), "%x", &vector); err != nil {
		t.Fatalf("%q: %v", answer[:n], err)
	}
	return vector&(1<<(value("perms/"+permission)-1)) != 0
}

// TestLeastPrivilege: none of Berth's domains, nor the bus for its sake, may write to what the host runs by, open its
// memory or its security files, or use a capability that it has no need of; a container may not set the kernel. What
// each needs is there.
func TestLeastPrivilege(t *testing.T) {
	for text, want := range map[string]bool{
		"berthd_t etc_t file read":                                       true,
		"berthd_t etc_t file write":                                      false,
		"berthd_t bin_t file write":                                      false,
		"berthd_t shadow_t file read":                                    false,
		"berthd_t virt_image_t file write":                               true,
		"berthd_t memory_device_t chr_file open":                         false,
		"berthd_t berthd_t capability sys_module":                        false,
		"berth_supervisor_t etc_t file read":                             true,
		"berth_supervisor_t etc_t file write":                            false,
		"berth_supervisor_t usr_t file write":                            false,
		"berth_supervisor_t lib_t file write":                            false,
		"berth_supervisor_t shadow_t file read":                          false,
		"berth_supervisor_t systemd_unit_t file write":                   false,
		"berth_supervisor_t init_runtime_t dir add_name":                 false,
		"berth_supervisor_t sysctl_kernel_t file write":                  false,
		"berth_supervisor_t memory_device_t chr_file open":               false,
		"berth_supervisor_t berth_supervisor_t capability sys_boot":      false,
		"berth_supervisor_t berth_supervisor_t capability sys_admin":     true,
		"berth_supervisor_t berth_supervisor_t capability2 mac_admin":    false,
		"berth_supervisor_t berth_supervisor_t capability2 mac_override": false,
		"berth_supervisor_t berth_runtime_t file write":                  true,
		"berth_nbd_t virt_image_t file write":                            true,
		"berth_nbd_t etc_t file write":                                   false,
		"berth_nbd_t bin_t file write":                                   false,
		"berth_nbd_t berth_etc_t file read":                              false,
		"berth_nbd_t berth_nbd_t tcp_socket create":                      false,
		"system_dbusd_t virt_image_t file write":                         true,
		"system_dbusd_t usr_t file write":                                false,
		"system_dbusd_t bin_t file write":                                false,
		"system_dbusd_t shadow_t file read":                              false,
		"container_t container_file_t file write":                        true,
		"container_t sysctl_net_t file write":                            true,
		"container_t sysctl_kernel_t file write":                         false,
		"container_t container_t bpf prog_load":                          false,
		"container_t container_t process setexec":                        false,
		"container_t initrc_t unix_dgram_socket sendto":                  false,
		"container_t initrc_t unix_dgram_socket write":                   true,
	} {
		f := strings.Fields(text)
		if got := allowed(t, f[0], f[1], f[2], f[3]); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
