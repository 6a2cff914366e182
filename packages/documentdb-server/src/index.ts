export { create, type CreateOptions, type DocumentDbServer } from './create.js';
export {
  DataDirInUseError,
  DocumentDbServerError,
  InvalidOptionsError,
  RuntimeUnavailableError,
  ServerStartError,
  type RuntimeObstacle,
} from './errors.js';
export { AptArchive } from './runtime/apt-archive.js';
export { prepare, type PrepareOptions, type Progress } from './runtime/prepare.js';
