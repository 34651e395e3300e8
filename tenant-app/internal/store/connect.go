package store

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"atrium.dev/atrium/tenant-app/contract"
	"github.com/jackc/pgx/v5"
)

// connConfig turns settings into what pgx connects with.
func connConfig(s contract.Database) (*pgx.ConnConfig, error) {
	address := url.URL{
		Scheme: "postgres",
		User:   url.UserPassword(s.User, s.Password),
		Host:   s.Host + ":" + strconv.Itoa(s.Port),
		Path:   "/" + s.Name,
		RawQuery: url.Values{
			"sslmode": {s.SSLMode}, "connect_timeout": {strconv.Itoa(int(connectLimit.Seconds()))},
			"application_name": {"atrium-office"}, "timezone": {"UTC"},
		}.Encode(),
	}
	config, err := pgx.ParseConfig(address.String())
	if err != nil {
		// pgx's message may quote the URL with the password in it.
		return nil, errors.New("prepare the database connection: host, port, name or sslMode in database.json cannot be used together")
	}
	// Prepared statements break behind a pooler in transaction mode, and bun
	// writes its arguments into the text anyway.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if s.CABundle != "" && config.TLSConfig != nil {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(s.CABundle)) {
			return nil, fmt.Errorf("prepare the database connection: caBundle in database.json holds no PEM certificate")
		}
		config.TLSConfig.RootCAs = roots
	}
	return config, nil
}
