import { openLocalStore } from '#dist/lib/store/local-store.js';
import { storeSuite } from './suite.js';

storeSuite('local', openLocalStore);
