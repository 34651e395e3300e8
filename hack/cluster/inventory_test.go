package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"atrium.dev/hack/cluster/internal/state"
)

// inventory is all of a machine's state that a cluster could leave traces in,
// one line each.
type inventory map[string]bool

// takeInventory looks at what local-cluster programs touch. Things that other
// programs of a busy machine change all the time are left out by name.
func takeInventory(t *testing.T) inventory {
	t.Helper()
	found := inventory{}
	for kind, command := range map[string]string{
		"link":   "ip -oneline link show | awk '{print $2,$3}'",
		"addr":   "ip -oneline address show | awk '{print $2,$3,$4}'",
		"route":  "ip -4 route show table all; ip -6 route show table all | sed 's/expires.*//'",
		"rule":   "ip rule; ip -6 rule",
		"nft":    "nft list ruleset",
		"qdisc":  "tc qdisc show",
		"netns":  "ls /run/netns 2>/dev/null || true",
		"ipset":  "ipset list -name 2>/dev/null || true",
		"mount":  "awk '{print $5}' /proc/self/mountinfo",
		"sysctl": "sysctl -a 2>/dev/null",
	} {
		out, err := exec.Command("sh", "-c", command).Output()
		if err != nil {
			t.Fatalf("take the inventory of %s: %v", kind, err)
		}
		for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
			line := strings.TrimSpace(lines.Text())
			if line != "" && !volatile.MatchString(line) {
				found[kind+" "+line] = true
			}
		}
	}
	found.addTree("cgroup", "/sys/fs/cgroup", 8, fs.ModeDir)
	found.addTree("pin", "/sys/fs/bpf", 8, 0)
	for _, dir := range []string{"/run", "/var/lib", "/var/log", "/etc", "/opt", "/usr/libexec", "/usr/local/bin"} {
		found.addTree("file", dir, 2, 0)
	}
	found.addProcesses()
	return found
}

// volatile are settings that count what the whole machine does.
var volatile = regexp.MustCompile(`^(fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota)|kernel\.(ns_last_pid|random\.|pty\.nr)|` +
	`net\.netfilter\.nf_conntrack_count|kernel\.sched|vm\.(stat|max_map)|net\.ipv4\.tcp_mem)`)

// addTree adds what lies below a folder, to a depth; only folders when asked.
func (i inventory) addTree(kind, root string, depth int, only fs.FileMode) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || path == root {
			return nil // gone meanwhile, or a root that this machine lacks
		}
		if err != nil {
			return err
		}
		if unrelated.MatchString(path) {
			return skip(entry)
		}
		if (only == 0 || entry.IsDir()) && (kind != "cgroup" || !ofOthers(path)) {
			i[kind+" "+path] = true
		}
		if strings.Count(strings.TrimPrefix(path, root), "/") >= depth {
			return skip(entry)
		}
		return nil
	})
}

// unrelated are files that package managers and other suites write meanwhile.
var unrelated = regexp.MustCompile(`^(/run/(lock|user|shm|systemd|dbus|postgresql|sudo|chromium)|/var/lib/(apt|dpkg|man-db|postgresql)|/var/log/(apt|dpkg|journal|alternatives)|/etc/ld\.so\.cache|/var/lib/systemd)`)

// ofOthers says of a cgroup that programs of others run in it, which may end while the
// test runs. What a pod leaves, and what runs from the cluster's folder, is not theirs.
func ofOthers(cgroup string) bool {
	if strings.Contains(cgroup, "kube") {
		return false
	}
	members, _ := os.ReadFile(filepath.Join(cgroup, "cgroup.procs"))
	for pid := range strings.Lines(string(members)) {
		line, _ := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(pid), "cmdline"))
		if strings.Contains(string(line), state.DefaultDir+"/") {
			return false
		}
	}
	return len(members) > 0
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// addProcesses adds those that name the cluster's folder in their command line.
func (i inventory) addProcesses() {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		content, _ := os.ReadFile(file)
		line := strings.ReplaceAll(string(content), "\x00", " ")
		if strings.Contains(line, state.DefaultDir+"/") {
			i["process "+file+" "+line] = true
		}
	}
}

// missingFrom lists the lines of i that other has not.
func (i inventory) missingFrom(other inventory) []string {
	var lines []string
	for line := range i {
		if !other[line] {
			lines = append(lines, line)
		}
	}
	return lines
}

// assertSame fails with each difference between two inventories.
func assertSame(t *testing.T, before, after inventory) {
	t.Helper()
	for _, line := range after.missingFrom(before) {
		t.Errorf("left behind: %s", line)
	}
	for _, line := range before.missingFrom(after) {
		t.Errorf("taken away: %s", line)
	}
}
