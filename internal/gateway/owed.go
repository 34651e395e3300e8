package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// owing are the states of connections whose peer may still miss something, as Linux
// writes them (include/net/tcp_states.h). An answer that was written lies in the
// kernel until the peer has acknowledged it, and where a pod ends, its network goes
// with the process, and all that lies there.
var owing = map[string]bool{
	"01": true, // established: the process has not closed it
	"08": true, // close wait: closed by the peer alone
	"04": true, // FIN wait 1, last ACK, closing: closed by the process, but the answer or
	"09": true, // its end is not acknowledged
	"0B": true,
}

// owed counts the connections to a port of this machine, or pod, whose peers may not
// have their whole answer yet.
func owed(port int) (int, error) {
	count, local := 0, fmt.Sprintf(":%04X", port)
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) && file == "/proc/net/tcp6" {
			continue // a kernel without IPv6
		}
		if err != nil {
			return 0, fmt.Errorf("see which clients have their answers: %w", err)
		}
		for line := range strings.Lines(string(table)) {
			// Number, local address, remote address, state, …
			if fields := strings.Fields(line); len(fields) > 3 && strings.HasSuffix(fields[1], local) && owing[fields[3]] {
				count++
			}
		}
	}
	return count, nil
}
