/**
 * Packages that postgresql-18-documentdb depends on but that no program run here ever loads: maintainer-script tools, and the
 * raster and 3D halves of PostGIS. apt is told that they are installed, which takes the download from 140 MB to 59 MB.
 */
export const STAND_INS = [
  'adduser',
  'base-passwd',
  'debconf',
  'debianutils',
  'gnupg',
  'libgdal39',
  'libjson-perl',
  'libpam-modules',
  'libpam-runtime',
  'libsfcgal2',
  'locales',
  'netbase',
  'openssl',
  'passwd',
  'perl',
  'postgresql-client-common',
  'postgresql-common',
  'procps',
  'readline-common',
  'sensible-utils',
  'ssl-cert',
  'systemd',
  'sysvinit-utils',
  'ucf',
] as const;
