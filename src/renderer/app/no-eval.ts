import { z } from 'zod';

// Zod compiles its checks with `new Function` where it may; the page's security policy forbids that, and says so each time.
z.config({ jitless: true });
