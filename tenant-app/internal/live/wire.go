package live

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Limits of the wire: what does not fit is dropped, and its number tells that.
const (
	wireLimit    = 5 * time.Second // to start, and to say the last word
	maxRouted    = 8 << 20         // bytes that wait for one replica; it is cut off with more
	maxHeard     = 4096            // words that wait for this replica
	maxHeardSize = 8 << 20
	subject      = "live"
	cluster      = "office"
)

// wire is the NATS server of this replica and the connection to it, which is no socket.
type wire struct {
	options *server.Options
	port    int
	server  *server.Server
	conn    *nats.Conn
	routed  []string
}

// dial starts the server: replicas with the same secret come in at an address and a port,
// nobody else does.
func dial(listen string, port int, secret []byte, hear func([]byte)) (*wire, error) {
	if len(secret) == 0 {
		return nil, fmt.Errorf("listen for other replicas: %s holds no secret of theirs; see whether the company's root key is there", contract.FileKeys)
	}
	w := &wire{port: port, options: &server.Options{
		// Not DontListen, which would close the cluster's listener too: nobody is told
		// the token of this one.
		Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: rand.Text(),
		NoLog: true, NoSigs: true, NoSystemAccount: true, MaxPending: maxRouted,
		PingInterval: 2 * time.Second, MaxPingsOut: 2, WriteDeadline: wireLimit,
		Cluster: server.ClusterOpts{
			Name: cluster, Host: listen, Port: port, Username: cluster, Password: hex.EncodeToString(secret),
			PoolSize: -1, NoAdvertise: true, PingInterval: 2 * time.Second, MaxPingsOut: 2,
		},
	}}
	var err error
	if w.server, err = server.NewServer(w.options.Clone()); err != nil {
		return nil, fmt.Errorf("prepare the way to other replicas: %w", err)
	}
	w.server.Start()
	if err := w.connect(hear); err != nil {
		w.server.Shutdown()
		return nil, err
	}
	return w, nil
}

func (w *wire) connect(hear func([]byte)) error {
	if !w.server.ReadyForConnections(wireLimit) {
		return errors.New("listen for other replicas: the server did not start; stop what uses its port")
	}
	// What it would complain of on stderr, words that were dropped, the numbers tell.
	quiet := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	conn, err := nats.Connect("", nats.InProcessServer(w.server), nats.Token(w.options.Authorization), nats.NoEcho(), nats.MaxReconnects(-1), quiet)
	if err != nil {
		return fmt.Errorf("connect with the server in this process: %w", err)
	}
	subscription, err := conn.Subscribe(subject, func(m *nats.Msg) { hear(m.Data) })
	if err == nil {
		err = subscription.SetPendingLimits(maxHeard, maxHeardSize)
	}
	if err == nil {
		err = conn.FlushTimeout(wireLimit)
	}
	if err != nil {
		conn.Close()
		return fmt.Errorf("listen to other replicas: %w", err)
	}
	w.conn = conn
	return nil
}

// route connects with the replicas at these addresses, for as long as they are given.
func (w *wire) route(addresses []string) error {
	options := w.options.Clone()
	for _, address := range addresses {
		options.Routes = append(options.Routes, &url.URL{
			Scheme: "nats", Host: net.JoinHostPort(address, strconv.Itoa(w.port)),
			User: url.UserPassword(options.Cluster.Username, options.Cluster.Password),
		})
	}
	if err := w.server.ReloadOptions(options); err != nil {
		return fmt.Errorf("find other replicas: %w", err)
	}
	w.routed = addresses
	return nil
}

func (w *wire) send(raw []byte) error { return w.conn.Publish(subject, raw) }

// close sends what waits, and ends.
func (w *wire) close() {
	_ = w.conn.FlushTimeout(wireLimit)
	w.conn.Close()
	w.server.Shutdown()
}
