// Package postgres is the operator's way to a DatabaseServer: short-lived
// connections as its admin, and the roles and the schema of one tenant. It knows
// nothing of Kubernetes, and reads no row of a tenant.
package postgres

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// Limits of the operator's own work on a server.
const (
	connectTimeout = 3 * time.Second
	// pingTimeout bounds the look whether a connection that rested still stands.
	pingTimeout = 2 * time.Second
	// One backend that visits many schemas keeps them all in memory, so none lives long.
	connLifetime = 5 * time.Minute
	connIdle     = 20 * time.Second
	maxConns     = 6 // four tenants at a time, and those who measure and sweep
	// MinVersion is server_version_num of PostgreSQL 16: on 15 a CREATEROLE admin
	// could grant the execution of programs.
	MinVersion = 160000
)

// Config says how to reach a server as its admin.
type Config struct {
	Name     string // of the DatabaseServer, for messages
	Host     string
	Port     int32
	Database string
	User     string
	Password string
	SSLMode  string
	CABundle string
}

// Server is one database of a PostgreSQL server, seen by its admin.
type Server struct {
	config Config
	pool   *pgxpool.Pool
}

// Servers keeps one Server per configuration, so that connections are used again
// and a changed password makes a new Server.
type Servers struct {
	tracer pgx.QueryTracer
	mu     sync.Mutex
	byName map[string]entry
}

type entry struct {
	key    [32]byte
	server *Server
}

// NewServers makes an empty set. The tracer sees each statement; it may be nil.
func NewServers(tracer pgx.QueryTracer) *Servers {
	return &Servers{tracer: tracer, byName: map[string]entry{}}
}

// Get returns the server for a configuration without connecting to it.
func (s *Servers) Get(ctx context.Context, config Config) (*Server, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%q", config))
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byName[config.Name]; ok {
		if e.key == key {
			return e.server, nil
		}
		go e.server.pool.Close() // waits for statements at work
		delete(s.byName, config.Name)
	}
	server, err := open(ctx, config, s.tracer)
	if err != nil {
		return nil, err
	}
	s.byName[config.Name] = entry{key, server}
	return server, nil
}

// Forget closes the connections to a server that is no longer there.
func (s *Servers) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byName[name]; ok {
		go e.server.pool.Close()
		delete(s.byName, name)
	}
}

// Close ends all connections.
func (s *Servers) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, e := range s.byName {
		e.server.pool.Close()
		delete(s.byName, name)
	}
}

func open(ctx context.Context, config Config, tracer pgx.QueryTracer) (*Server, error) {
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, invalid(config, err)
	}
	cc := pc.ConnConfig
	cc.Host, cc.Port, cc.Database = config.Host, uint16(config.Port), config.Database //nolint:gosec // the CRD bounds the port
	cc.User, cc.Password, cc.Fallbacks = config.User, config.Password, nil
	cc.ConnectTimeout = connectTimeout
	if cc.TLSConfig, err = tlsConfig(config); err != nil {
		return nil, invalid(config, err)
	}
	cc.RuntimeParams = map[string]string{
		"application_name": "atrium-operator", "search_path": "pg_catalog",
		"statement_timeout": "15s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "15s",
	}
	// Through a pooler in transaction mode prepared statements would go astray.
	cc.DefaultQueryExecMode = pgx.QueryExecModeExec
	cc.Tracer = tracer
	pc.MaxConns, pc.MinConns = maxConns, 0
	pc.PingTimeout = pingTimeout
	pc.MaxConnLifetime, pc.MaxConnIdleTime, pc.HealthCheckPeriod = connLifetime, connIdle, connIdle
	// MinConns is 0, so this opens no connection, and the pool outlives ctx.
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, invalid(config, err)
	}
	return &Server{config: config, pool: pool}, nil
}

func invalid(config Config, err error) error {
	return fault.Blocked(v1alpha1.ReasonSettingsInvalid, err,
		"DatabaseServer %s cannot be used: %v; correct its spec", config.Name, err)
}

// tlsConfig follows libpq: require encrypts, verify-ca checks the authority,
// verify-full the host name as well.
func tlsConfig(config Config) (*tls.Config, error) {
	if config.SSLMode == "disable" {
		return nil, nil
	}
	tc := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: config.Host}
	if config.SSLMode == "require" {
		tc.InsecureSkipVerify = true //nolint:gosec // what the mode says
		return tc, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(config.CABundle)) {
		return nil, errors.New("spec.caBundle holds no certificate in PEM form")
	}
	tc.RootCAs = roots
	if config.SSLMode == "verify-ca" {
		tc.InsecureSkipVerify = true //nolint:gosec // the chain is checked below, only the name is not
		tc.VerifyConnection = func(state tls.ConnectionState) error {
			opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
			for _, c := range state.PeerCertificates[1:] {
				opts.Intermediates.AddCert(c)
			}
			_, err := state.PeerCertificates[0].Verify(opts)
			return err
		}
	}
	return tc, nil
}

// Name is that of the DatabaseServer.
func (s *Server) Name() string { return s.config.Name }

// Tx runs do inside one transaction. Errors of the connection and of the server
// come back as faults.
func (s *Server) Tx(ctx context.Context, do func(pgx.Tx) error) error {
	return s.Fault(pgx.BeginFunc(ctx, s.pool, do))
}

// Pool is for single statements; pass their errors through Fault.
func (s *Server) Pool() *pgxpool.Pool { return s.pool }

// Fault classes an error of the driver. A fault, and nil, come back unchanged.
func (s *Server) Fault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	where := fmt.Sprintf("DatabaseServer %s (%s)", s.config.Name, net.JoinHostPort(s.config.Host, strconv.Itoa(int(s.config.Port))))
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return s.serverFault(where, pg)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fault.New(v1alpha1.ReasonDatabaseUnreachable, err,
		"%s does not answer: check that it runs, its host and port, sslMode and the network policies between", where)
}

func (s *Server) serverFault(where string, pg *pgconn.PgError) error {
	switch pg.Code {
	case "28P01", "28000":
		return fault.New(v1alpha1.ReasonDatabaseRefused, pg,
			"%s refuses the admin %q: correct username and password in the Secret that spec.adminSecretRef names, or the server's pg_hba.conf", where, s.config.User)
	case "3D000":
		return fault.New(v1alpha1.ReasonDatabaseRefused, pg,
			"%s has no database %q: create it with the admin as its owner", where, s.config.Database)
	case "42501":
		return fault.New(v1alpha1.ReasonDatabaseRights, pg,
			"%s: the admin %q lacks a right (%s): give it CREATEROLE and the ownership of database %q", where, s.config.User, pg.Message, s.config.Database)
	case "25006":
		return s.readOnly(pg)
	case "53100":
		return fault.New(v1alpha1.ReasonDatabaseFull, pg,
			"%s has no room on its disk (%s): make room or give it a larger one, and set spec.capacity.bytes so that an alert comes first", where, pg.Message)
	case "53300":
		return fault.New(v1alpha1.ReasonDatabaseFull, pg,
			"%s has no connection left for the admin %q (%s): raise max_connections, and keep some back with reserved_connections and GRANT pg_use_reserved_connections TO %s",
			where, s.config.User, pg.Message, quote(s.config.User))
	case "57P01", "57P02", "57P03":
		return fault.New(v1alpha1.ReasonDatabaseUnreachable, pg, "%s takes no connection now (%s)", where, pg.Message)
	}
	return fault.New(v1alpha1.ReasonDatabaseFailed, pg, "%s: a statement failed (%s, SQLSTATE %s)", where, pg.Message, pg.Code)
}

func (s *Server) readOnly(cause error) error {
	return fault.New(v1alpha1.ReasonDatabaseReadOnly, cause,
		"DatabaseServer %s is a standby or takes no writes: let spec.host lead to the primary, or promote this one once the primary is gone for good", s.config.Name)
}
