import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { Access } from '@runos/messaging';
import type { Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { isCurrentTag } from '../http/entity-tag.js';
import type { GatewayRequest } from '../http/gateway-request.js';
import { CliRelease, type OfferedExecutable } from './cli-release.js';
import { installScript } from './install-script.js';

/** A host name or an address, with a port: nothing that a shell would interpret. */
const hostPattern = /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/;

/** The program `runos` for everyone, without a token: a script that installs it, and the executables. */
@Access('public')
@Controller()
export class InstallController {
  constructor(private readonly release: CliRelease) {}

  /** @throws Fault `download.not_found` when this plane has no executables */
  @Get('/install/cli')
  async script(@Req() request: GatewayRequest, @Res() response: Response): Promise<void> {
    const offered = await this.release.offered();
    if (offered.length === 0)
      throw new Fault('download.not_found', 'This plane offers no executables of runos. Install its npm package.');
    const { host = '' } = request;
    if (!hostPattern.test(host)) throw new Fault('request.invalid', 'The header Host is no name of a host.');
    response.set('Cache-Control', 'no-store').type('text/x-shellscript');
    response.send(installScript(`${request.protocol}://${host}`, offered));
  }

  /** @throws Fault `download.not_found` for a platform without an executable */
  @Get('/install/cli/:platform')
  async executable(
    @Param('platform') platform: string,
    @Req() request: GatewayRequest,
    @Res() response: Response,
  ): Promise<void> {
    const found = await this.release.open(platform);
    if (found === undefined) throw await this.#notFound(platform);
    const { executable, file } = found;
    setHeaders(response, executable);
    if (request.method === 'HEAD' || isCurrentTag(request.ifNoneMatch, executable.sha256)) {
      await file.close();
      response.status(request.method === 'HEAD' ? 200 : 304).end();
      return;
    }
    // The stream closes the file. A disconnect is no error.
    await pipeline(file.createReadStream({ end: executable.size - 1 }), response).catch(() => undefined);
  }

  /** In the form that `sha256sum --check` reads. @throws Fault `download.not_found` for a platform without an executable */
  @Get('/install/cli/:platform/sha256')
  async digest(@Param('platform') platform: string, @Res() response: Response): Promise<void> {
    const found = await this.release.find(platform);
    if (found === undefined) throw await this.#notFound(platform);
    response.set('Cache-Control', 'no-cache').type('text/plain').send(`${found.sha256}  runos-${found.platform}\n`);
  }

  async #notFound(platform: string): Promise<Fault> {
    const offered = (await this.release.offered()).map((one) => one.platform).join(', ') || 'no platform';
    return new Fault('download.not_found', `There is no runos for '${platform}'; it is offered for ${offered}.`);
  }
}

/** The digest is that of RFC 9530. */
function setHeaders(response: Response, { size, sha256 }: OfferedExecutable): void {
  response.set({
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(size),
    'Content-Disposition': 'attachment; filename="runos"',
    'Cache-Control': 'no-cache',
    ETag: `"${sha256}"`,
    'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  });
}
