import { Module } from '@nestjs/common';
import { LifecycleDataModule } from '../../data/lifecycle/lifecycle-data.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { ConnectionTally } from './connection-tally.js';
import { EgressCarrier } from './egress/egress-carrier.js';
import { EgressDialer } from './egress/egress-dialer.js';
import { HostNames, SystemHostNames } from './egress/host-names.js';
import { OwnServices } from './egress/own-services.js';
import { NetworkFigures } from './network-figures.js';
import { NetworkRules } from './network-rules.js';
import { NetworkSettings } from './network-settings.js';
import { ProjectCarrier } from './project-carrier.js';
import { UplinkKeeper } from './uplink-keeper.js';
import { UplinkListener } from './uplink.listener.js';

/** The network that containers do not have: Muster carries each connection that an agent may make. */
@Module({
  imports: [LifecycleModule, LifecycleDataModule],
  providers: [
    ConnectionTally,
    EgressCarrier,
    EgressDialer,
    { provide: HostNames, useClass: SystemHostNames },
    { provide: NetworkSettings, useFactory: () => new NetworkSettings() },
    NetworkFigures,
    NetworkRules,
    OwnServices,
    ProjectCarrier,
    UplinkKeeper,
    UplinkListener,
  ],
})
export class NetworkModule {}
