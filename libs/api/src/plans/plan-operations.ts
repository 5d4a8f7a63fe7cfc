import { createApp, deleteApp, updateApp } from '../apps/app-operations.js';
import { rollBackApp } from '../apps/app-revision-operations.js';
import {
  changeEnvironment,
  changeSecretFiles,
  setSecretVariables,
  setVariables,
} from '../apps/environment-operations.js';
import {
  createAppOverride,
  createServiceOverride,
  deleteAppOverride,
  deleteServiceOverride,
  updateAppOverride,
  updateServiceOverride,
} from '../overrides/override-operations.js';
import { convertToCustom, setAdvancedConfigs, upgradeConfigSet } from '../services/configuration-operations.js';
import { rollBack } from '../services/revision-operations.js';
import { createService, deleteService, updateService, upgradeService } from '../services/service-operations.js';
import {
  creation,
  deletion,
  imageChange,
  overrideChange,
  secretChange,
  settingChange,
  variableChange,
} from './example-plans.js';
import { planNamed, planOf } from './plan-of.js';

export const planAppCreation = planOf(createApp, creation);
export const planAppUpdate = planOf(updateApp, imageChange);
export const planAppDeletion = planOf(deleteApp, deletion);
export const planAppRollback = planOf(rollBackApp, imageChange);
export const planVariables = planOf(setVariables, variableChange);
export const planSecretVariables = planOf(setSecretVariables, secretChange, 'sensitive_read');
export const planEnvironment = planOf(changeEnvironment, variableChange, 'sensitive_read');
export const planSecretFiles = planOf(changeSecretFiles, secretChange, 'sensitive_read');
export const planAppOverrideCreation = planOf(createAppOverride, overrideChange);
export const planAppOverrideUpdate = planOf(updateAppOverride, overrideChange);
export const planAppOverrideDeletion = planOf(deleteAppOverride, overrideChange);

export const planServiceCreation = planOf(createService, creation);
export const planServiceUpdate = planOf(updateService, settingChange);
export const planServiceDeletion = planOf(deleteService, deletion);
export const planServiceRollback = planOf(rollBack, settingChange);
/** `service.upgrade.plan` shows the versions of an upgrade, without its objects. */
export const planServiceUpgrade = planNamed('service.upgrade.dry-run', upgradeService, settingChange);
export const planAdvancedConfigs = planOf(setAdvancedConfigs, settingChange);
export const planConversionToCustom = planOf(convertToCustom, settingChange);
export const planConfigSetUpgrade = planOf(upgradeConfigSet, settingChange);
export const planServiceOverrideCreation = planOf(createServiceOverride, overrideChange);
export const planServiceOverrideUpdate = planOf(updateServiceOverride, overrideChange);
export const planServiceOverrideDeletion = planOf(deleteServiceOverride, overrideChange);
