\getenv username ADMIN_USERNAME
\getenv password ADMIN_PASSWORD
SELECT format('CREATE ROLE %I', :'username') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'username') \gexec
ALTER ROLE :"username" LOGIN CREATEROLE CREATEDB NOSUPERUSER PASSWORD :'password';
SELECT format('CREATE DATABASE atrium OWNER %I TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'username')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'atrium') \gexec
REVOKE ALL ON DATABASE atrium, postgres, template1 FROM PUBLIC;
