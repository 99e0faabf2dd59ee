export { type ResNetOptions, type ResNetPresetOptions, resnet, resnet10, resnet18 } from './resnet.js';
