# Makes the data folder once, and sees on each start that the admin is as the Secret says.
set -eu
if [ ! -e /data/17/PG_VERSION ]; then
  rm -rf /data/new
  initdb --pgdata=/data/new --username=postgres --auth=peer --encoding=UTF8 --locale=C.UTF-8 --data-checksums
  mv /data/new /data/17
fi
# Kubernetes opens a volume to the pod's group; PostgreSQL wants its folder to itself.
chmod 0700 /data/17
pg_ctl --pgdata=/data/17 --wait --timeout=120 --log=/run/postgresql/prepare.log \
  --options="-c config_file=/etc/postgres/postgresql.conf -c data_directory=/data/17 -c listen_addresses=''" start ||
  { cat /run/postgresql/prepare.log; exit 1; }
psql --host=/run/postgresql --username=postgres --no-psqlrc --set=ON_ERROR_STOP=1 --quiet --file=/etc/postgres/admin.sql
pg_ctl --pgdata=/data/17 --wait --mode=fast stop
